package dev.beamfluss.transforms;

import java.util.Iterator;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.CoderRegistry;
import org.apache.beam.sdk.transforms.Combine;
import org.apache.beam.sdk.transforms.display.DisplayData;

/** The union of numbers. The first of several accumulators takes the others in, as Beam allows. */
final class IdBitmapFn extends Combine.CombineFn<Long, IdBitmap, IdBitmap> {
  private static final long serialVersionUID = 1L;

  private final BitmapType type;

  IdBitmapFn(BitmapType type) {
    this.type = type;
  }

  @Override
  public IdBitmap createAccumulator() {
    return IdBitmap.empty(type);
  }

  @Override
  public IdBitmap addInput(IdBitmap accumulator, Long input) {
    accumulator.add(input);
    return accumulator;
  }

  @Override
  public IdBitmap mergeAccumulators(Iterable<IdBitmap> accumulators) {
    Iterator<IdBitmap> all = accumulators.iterator();
    if (!all.hasNext()) {
      return createAccumulator();
    }
    IdBitmap merged = all.next();
    all.forEachRemaining(merged::or);
    return merged;
  }

  @Override
  public IdBitmap compact(IdBitmap accumulator) {
    accumulator.compact();
    return accumulator;
  }

  @Override
  public IdBitmap extractOutput(IdBitmap accumulator) {
    return accumulator;
  }

  @Override
  public Coder<IdBitmap> getAccumulatorCoder(CoderRegistry registry, Coder<Long> inputCoder) {
    return IdBitmapCoder.INSTANCE;
  }

  @Override
  public Coder<IdBitmap> getDefaultOutputCoder(CoderRegistry registry, Coder<Long> inputCoder) {
    return IdBitmapCoder.INSTANCE;
  }

  @Override
  public void populateDisplayData(DisplayData.Builder builder) {
    builder.add(DisplayData.item("bitmapType", type.name()));
  }
}
