/** What spans the scenarios: their list, and the program that creates their tables. */
package dev.beamfluss.pipelines;
