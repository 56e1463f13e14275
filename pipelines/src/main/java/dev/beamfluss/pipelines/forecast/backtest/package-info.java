/** How well past days would have been forecast. */
package dev.beamfluss.pipelines.forecast.backtest;
