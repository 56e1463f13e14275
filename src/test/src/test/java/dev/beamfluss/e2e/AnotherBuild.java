package dev.beamfluss.e2e;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.flink.shaded.asm9.org.objectweb.asm.ClassReader;
import org.apache.flink.shaded.asm9.org.objectweb.asm.ClassVisitor;
import org.apache.flink.shaded.asm9.org.objectweb.asm.ClassWriter;
import org.apache.flink.shaded.asm9.org.objectweb.asm.MethodVisitor;
import org.apache.flink.shaded.asm9.org.objectweb.asm.Opcodes;

/**
 * A later build of the bundled jar: each class of the project has a method more, as after a change
 * that is none to what it does. Java's serialization takes such a class for another one, unless it
 * has its version written down.
 */
final class AnotherBuild {
  private AnotherBuild() {}

  /** Writes it. */
  static Path of(Path bundle, Path rebuilt) throws IOException {
    Files.copy(bundle, rebuilt);
    try (FileSystem jar =
            FileSystems.newFileSystem(URI.create("jar:" + rebuilt.toUri()), Map.of());
        Stream<Path> files = Files.walk(jar.getPath("dev"))) {
      List<Path> classes = files.filter(file -> file.toString().endsWith(".class")).toList();
      for (Path file : classes) {
        Files.write(file, changed(Files.readAllBytes(file)));
      }
    }
    return rebuilt;
  }

  private static byte[] changed(byte[] code) {
    ClassReader reader = new ClassReader(code);
    boolean isInterface = (reader.getAccess() & Opcodes.ACC_INTERFACE) != 0;
    if (isInterface) {
      return code;
    }
    ClassWriter writer = new ClassWriter(reader, 0);
    reader.accept(
        new ClassVisitor(Opcodes.ASM9, writer) {
          @Override
          public void visitEnd() {
            MethodVisitor more =
                visitMethod(
                    Opcodes.ACC_STATIC | Opcodes.ACC_SYNTHETIC,
                    "ofAnotherBuild",
                    "()V",
                    null,
                    null);
            more.visitCode();
            more.visitInsn(Opcodes.RETURN);
            more.visitMaxs(0, 0);
            more.visitEnd();
            super.visitEnd();
          }
        },
        0);
    return writer.toByteArray();
  }
}
