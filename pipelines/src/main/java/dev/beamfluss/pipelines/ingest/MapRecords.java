package dev.beamfluss.pipelines.ingest;

import dev.beamfluss.pipelines.mapping.RecordMapping;
import dev.beamfluss.pipelines.mapping.RowMapper;
import dev.beamfluss.pipelines.mapping.UnmappableException;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.io.kafka.KafkaRecord;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.BadRecordRouter;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.beam.sdk.values.TupleTagList;

/**
 * Makes rows of a table of records that are JSON objects, as a {@link RecordMapping} says. A record
 * that is no row goes to the error handler, with where it was, column, value, reason and the
 * record's text. The same record gives the same row whenever it is read. Metrics: {@code
 * recordsMapped}, {@code recordsRefused}.
 */
final class MapRecords<T> extends PTransform<PCollection<T>, PCollection<Row>> {
  private static final TupleTag<Row> ROWS = new TupleTag<>() {};

  /** What a record is. */
  private interface Source<T> extends Serializable {
    String text(T element) throws UnmappableException;

    String place(T element);
  }

  private final RecordMapping mapping;
  private final Source<T> source;
  private final ErrorHandler<BadRecord, ?> errors;

  private MapRecords(RecordMapping mapping, Source<T> source, ErrorHandler<BadRecord, ?> errors) {
    this.mapping = mapping;
    this.source = source;
    this.errors = errors;
  }

  /** Of values in a topic, in UTF-8. */
  static MapRecords<KafkaRecord<byte[], byte[]>> ofTopic(
      RecordMapping mapping, ErrorHandler<BadRecord, ?> errors) {
    return new MapRecords<>(mapping, new Topic(), errors);
  }

  /** Of lines; those of blanks are refused like any other text that is no object. */
  static MapRecords<String> ofLines(RecordMapping mapping, ErrorHandler<BadRecord, ?> errors) {
    return new MapRecords<>(mapping, new Lines(), errors);
  }

  private static final class Topic implements Source<KafkaRecord<byte[], byte[]>> {
    @Override
    public String text(KafkaRecord<byte[], byte[]> element) throws UnmappableException {
      byte[] value = element.getKV().getValue();
      if (value == null) {
        throw new UnmappableException("it has no value; records that delete are not supported");
      }
      try {
        return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(value)).toString();
      } catch (CharacterCodingException e) {
        throw new UnmappableException("its value is no text in UTF-8");
      }
    }

    @Override
    public String place(KafkaRecord<byte[], byte[]> element) {
      return String.format(
          "The record at offset %d of partition %d of topic %s",
          element.getOffset(), element.getPartition(), element.getTopic());
    }
  }

  private static final class Lines implements Source<String> {
    @Override
    public String text(String element) {
      return element;
    }

    @Override
    public String place(String element) {
      return "A line";
    }
  }

  @Override
  public PCollection<Row> expand(PCollection<T> records) {
    PCollectionTuple mapped =
        records.apply(
            "Map",
            ParDo.of(new MapFn<>(mapping, source))
                .withOutputTags(ROWS, TupleTagList.of(BadRecordRouter.BAD_RECORD_TAG)));
    errors.addErrorCollection(
        mapped
            .get(BadRecordRouter.BAD_RECORD_TAG)
            .setCoder(BadRecord.getCoder(records.getPipeline())));
    return mapped.get(ROWS).setRowSchema(mapping.schema());
  }

  @Override
  public void populateDisplayData(DisplayData.Builder builder) {
    builder
        .add(DisplayData.item("table", mapping.table()))
        .add(DisplayData.item("columns", String.join(",", mapping.mappedColumns())));
  }

  static final class MapFn<T> extends DoFn<T, Row> {
    private static final int SHOWN = 200;
    private static final int KEPT = 100_000;

    private final RecordMapping mapping;
    private final Source<T> source;
    private final Counter mapped = Metrics.counter(MapRecords.class, "recordsMapped");
    private final Counter refused = Metrics.counter(MapRecords.class, "recordsRefused");
    private transient RowMapper mapper;

    MapFn(RecordMapping mapping, Source<T> source) {
      this.mapping = mapping;
      this.source = source;
    }

    @Setup
    public void setUp() {
      mapper = mapping.mapper();
    }

    @ProcessElement
    public void process(@Element T element, MultiOutputReceiver out) throws Exception {
      String text = "";
      Row row;
      try {
        text = source.text(element);
        row = mapper.map(text);
      } catch (UnmappableException e) {
        refused.inc();
        out.get(BadRecordRouter.BAD_RECORD_TAG).output(refused(element, text, e));
        return;
      }
      mapped.inc();
      out.get(ROWS).output(row);
    }

    private BadRecord refused(T element, String text, UnmappableException e) throws Exception {
      return BadRecord.fromExceptionInformation(
          text,
          StringUtf8Coder.of(),
          new UnmappableException(told(element, text, e, KEPT)),
          told(element, text, e, SHOWN));
    }

    private String told(T element, String text, UnmappableException e, int length) {
      return String.format(
          "%s is no row of table %s, %s. The record: %s",
          source.place(element),
          mapping.table(),
          e.getMessage(),
          UnmappableException.abbreviate(text, length));
    }
  }
}
