/** Scenario 2: the wide table of products and stores, each job writing its own columns. */
package dev.beamfluss.pipelines.widetable;
