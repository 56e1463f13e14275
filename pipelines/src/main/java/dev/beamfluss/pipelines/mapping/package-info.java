/** How JSON objects become rows of a table, declared in JSON. */
package dev.beamfluss.pipelines.mapping;
