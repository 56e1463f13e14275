/** Scenario 5: unique visitors, counted with bitmaps of dense user numbers. */
package dev.beamfluss.pipelines.uv;
