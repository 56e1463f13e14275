package dev.beamfluss.benchmarks;

/** One way to write rows into a table. */
@FunctionalInterface
interface TableFill {
  /**
   * Writes the rows with the numbers from 0 on: whole ones, or, where they have fewer columns than
   * the table, as partial updates.
   *
   * @return rows a second, from the making of the first to the acknowledgement of the last
   */
  double measure(EventTable table, EventRows rows, long number) throws Exception;
}
