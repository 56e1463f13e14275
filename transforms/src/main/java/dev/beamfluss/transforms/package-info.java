/** Transforms that keep their data in Fluss tables, not in the engine's state. */
package dev.beamfluss.transforms;
