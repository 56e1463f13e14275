package dev.beamfluss.io.fluss;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.NotSerializableException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.io.ObjectStreamException;
import java.io.Serializable;
import java.util.concurrent.atomic.AtomicReference;

/**
 * An object that is serialized once. The direct runner serializes sources, functions and coders
 * again for each bundle they take part in, which with the schema of a table was two fifths of its
 * time.
 *
 * <p>A class that is to be packed has a {@code writeReplace} that returns {@link #of}, and a
 * transient reference for the bytes. Its own form is what is in them, so that what was written
 * before it was packed can still be read.
 */
final class Packed implements Serializable {
  private static final long serialVersionUID = 1L;

  /** What this thread is packing, and must not replace. */
  private static final ThreadLocal<Object> PACKING = new ThreadLocal<>();

  @SuppressWarnings("serial") // an array of bytes is
  private final byte[] bytes;

  private Packed(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * What takes the place of an object in a stream.
   *
   * @param packed where its bytes are kept
   */
  static Object of(Serializable value, AtomicReference<byte[]> packed)
      throws ObjectStreamException {
    if (PACKING.get() == value) {
      return value;
    }
    byte[] bytes = packed.get();
    if (bytes == null) {
      bytes = pack(value);
      packed.set(bytes);
    }
    return new Packed(bytes);
  }

  private static byte[] pack(Serializable value) throws ObjectStreamException {
    Object outer = PACKING.get();
    PACKING.set(value);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(value);
    } catch (ObjectStreamException e) {
      throw e;
    } catch (IOException e) {
      throw (NotSerializableException)
          new NotSerializableException(value.getClass().getName()).initCause(e);
    } finally {
      PACKING.set(outer);
    }
    return bytes.toByteArray();
  }

  private Object readResolve() throws ObjectStreamException {
    try (ObjectInputStream in = new OwnLoaderInput(bytes)) {
      return in.readObject();
    } catch (ObjectStreamException e) {
      throw e;
    } catch (IOException | ClassNotFoundException e) {
      throw (InvalidObjectException)
          new InvalidObjectException("Cannot be unpacked: " + e).initCause(e);
    }
  }

  /** Finds classes where this one is: on Flink that is the job's jar, which nobody else sees. */
  private static final class OwnLoaderInput extends ObjectInputStream {
    OwnLoaderInput(byte[] bytes) throws IOException {
      super(new ByteArrayInputStream(bytes));
    }

    @Override
    protected Class<?> resolveClass(ObjectStreamClass description)
        throws IOException, ClassNotFoundException {
      try {
        return Class.forName(description.getName(), false, Packed.class.getClassLoader());
      } catch (ClassNotFoundException e) {
        return super.resolveClass(description);
      }
    }
  }
}
