/**
 * An Apache Fluss cluster inside this JVM: for tests, benchmarks and the demo, never for
 * production.
 */
package dev.beamfluss.local;
