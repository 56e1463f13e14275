/** The live page: what the pipelines' tables hold, read-only, for people. */
package dev.beamfluss.page;
