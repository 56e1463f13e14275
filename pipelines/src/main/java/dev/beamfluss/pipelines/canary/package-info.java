/** Scenario 4: watching canary releases, reading few columns of a wide log. */
package dev.beamfluss.pipelines.canary;
