package dev.beamfluss.local;

import org.apache.fluss.config.Configuration;
import org.apache.fluss.server.coordinator.CoordinatorServer;

/** Fluss's coordinator as a program, with what makes up for the tables that it misses. */
@SuppressWarnings("try") // close() is of the superclass
public final class CoordinatorProcess extends CoordinatorServer {
  private final Configuration configuration;

  private CoordinatorProcess(Configuration configuration) {
    super(configuration);
    this.configuration = configuration;
  }

  /** Runs it until it is told to stop; the arguments are those of {@link CoordinatorServer}. */
  public static void main(String[] args) {
    startServer(
        new CoordinatorProcess(loadConfiguration(args, CoordinatorServer.class.getSimpleName())));
  }

  @Override
  protected void startServices() throws Exception {
    super.startServices();
    TableCreations unused = new TableCreations(configuration, this);
  }
}
