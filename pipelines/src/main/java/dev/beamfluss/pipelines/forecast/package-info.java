/** Scenario 3: the day's orders, estimated minute by minute from today's count and past days. */
package dev.beamfluss.pipelines.forecast;
