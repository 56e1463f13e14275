package dev.beamfluss.io.fluss;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamException;
import java.io.Serializable;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.util.SerializableUtils;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

class PackedTest {
  private static final class Counted implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String name;
    private final Object inner;
    private transient AtomicReference<byte[]> packed = new AtomicReference<>();
    private transient int written;

    Counted(String name, Object inner) {
      this.name = name;
      this.inner = inner;
    }

    private void writeObject(ObjectOutputStream out) throws IOException {
      written++;
      out.defaultWriteObject();
    }

    private Object writeReplace() throws ObjectStreamException {
      AtomicReference<byte[]> bytes = packed == null ? new AtomicReference<>() : packed;
      return Packed.of(this, bytes);
    }
  }

  private static Counted copy(Counted value) {
    return (Counted)
        SerializableUtils.deserializeFromByteArray(
            SerializableUtils.serializeToByteArray(value), "a copy");
  }

  @Test
  void isSerializedOnceAndReadEachTime() {
    Counted value = new Counted("outer", new Counted("inner", null));

    for (int i = 0; i < 3; i++) {
      Counted read = copy(copy(value));
      assertThat(read.name, equalTo("outer"));
      assertThat(((Counted) read.inner).name, equalTo("inner"));
    }

    assertThat(value.written, equalTo(1));
    assertThat(((Counted) value.inner).written, equalTo(1));
  }

  @Test
  void saysWhatCannotBeSerialized() throws IOException {
    try (ObjectOutputStream out = new ObjectOutputStream(new ByteArrayOutputStream())) {
      Exception failure =
          Assertions.assertThrows(
              NotSerializableException.class,
              () -> out.writeObject(new Counted("outer", new Object())));
      assertThat(failure.getMessage(), containsString("java.lang.Object"));
    }
  }

  @Test
  void coderIsEqualAfterwards() {
    Schema schema = Schema.builder().addInt64Field("id").addStringField("name").build();
    RowBatchCoder coder = RowBatchCoder.of(schema);

    byte[] bytes = SerializableUtils.serializeToByteArray(coder);

    assertThat(SerializableUtils.deserializeFromByteArray(bytes, "coder"), equalTo(coder));
    assertThat(SerializableUtils.serializeToByteArray(coder), equalTo(bytes));
  }
}
