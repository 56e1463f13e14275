package dev.beamfluss.local;

import java.util.Optional;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.SchemaInfo;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.server.coordinator.CoordinatorServer;
import org.apache.fluss.server.coordinator.event.CreateTableEvent;
import org.apache.fluss.server.zk.ZooKeeperClient;
import org.apache.fluss.server.zk.ZooKeeperUtils;
import org.apache.fluss.server.zk.data.TableAssignment;
import org.apache.fluss.server.zk.data.TableRegistration;
import org.apache.fluss.server.zk.data.ZkData.DatabasesZNode;
import org.apache.fluss.server.zk.data.ZkData.TableZNode;
import org.apache.fluss.shaded.curator5.org.apache.curator.framework.recipes.cache.ChildData;
import org.apache.fluss.shaded.curator5.org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.fluss.shaded.curator5.org.apache.curator.framework.recipes.cache.CuratorCacheListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the coordinator of every table that was created, as the coordinator of Fluss 0.9.1 can miss
 * one on a busy machine: it waits for a table's node to be filled after it was made, and is told
 * once only where it looks late (apache/fluss#1018, mended after 0.9.1). The table never gets
 * leaders then, and the first partition of such a table stops the coordinator from creating
 * anything else.
 */
final class TableCreations implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TableCreations.class);

  private final CoordinatorServer coordinator;
  private final ZooKeeperClient zooKeeper;
  private final CuratorCache tables;

  TableCreations(Configuration configuration, CoordinatorServer coordinator) {
    this.coordinator = coordinator;
    this.zooKeeper =
        ZooKeeperUtils.startZookeeperClient(
            configuration,
            error -> LOG.warn("Creations of tables are not watched any more", error));
    this.tables = CuratorCache.build(zooKeeper.getCuratorClient(), DatabasesZNode.path());
    tables
        .listenable()
        .addListener(
            CuratorCacheListener.builder()
                .forCreates(this::created)
                .forChanges((before, after) -> created(after))
                .build());
    tables.start();
  }

  private void created(ChildData node) {
    TablePath path = TableZNode.parsePath(node.getPath());
    if (path == null || node.getData() == null || node.getData().length == 0) {
      return;
    }
    try {
      announce(path, TableZNode.decode(node.getData()));
    } catch (Exception e) {
      LOG.warn("The coordinator may not know of table {}", path, e);
    }
  }

  /** The coordinator skips what it knows. */
  private void announce(TablePath path, TableRegistration table) throws Exception {
    Optional<SchemaInfo> schema = zooKeeper.getSchemaById(path, zooKeeper.getCurrentSchemaId(path));
    Optional<TableAssignment> assignment =
        table.partitionKeys.isEmpty()
            ? zooKeeper.getTableAssignment(table.tableId)
            : Optional.of(TableAssignment.builder().build());
    // it may be gone by now
    if (schema.isPresent() && assignment.isPresent()) {
      coordinator
          .getCoordinatorEventProcessor()
          .getCoordinatorEventManager()
          .put(new CreateTableEvent(table.toTableInfo(path, schema.get()), assignment.get()));
    }
  }

  @Override
  public void close() {
    tables.close();
    zooKeeper.close();
  }
}
