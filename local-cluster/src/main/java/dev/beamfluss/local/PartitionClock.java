package dev.beamfluss.local;

import java.lang.reflect.Field;
import java.time.Clock;
import org.apache.fluss.server.coordinator.AutoPartitionManager;
import org.apache.fluss.server.coordinator.CoordinatorServer;

/** What the coordinator takes for the present where it makes and drops partitions. */
record PartitionClock(Clock clock) implements org.apache.fluss.utils.clock.Clock {

  /** By reflection, as Fluss 0.9.1 hands its own clock to the tests of this one class alone. */
  void setIn(CoordinatorServer coordinator) {
    try {
      Field manager = CoordinatorServer.class.getDeclaredField("autoPartitionManager");
      manager.setAccessible(true);
      Field of = AutoPartitionManager.class.getDeclaredField("clock");
      of.setAccessible(true);
      of.set(manager.get(coordinator), this);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("This build of Fluss has no clock for partitions to set", e);
    }
  }

  @Override
  public long milliseconds() {
    return clock.millis();
  }

  @Override
  public long nanoseconds() {
    return System.nanoTime();
  }
}
