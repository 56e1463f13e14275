/**
 * Fluss tables as code: what a table is, what a deployment may choose, and how tables come to be.
 */
package dev.beamfluss.pipelines.tables;
