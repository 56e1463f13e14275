/**
 * Measurements of this software beside what it is compared with, in one run and in turns: {@link
 * dev.beamfluss.benchmarks.Bench}.
 */
package dev.beamfluss.benchmarks;
