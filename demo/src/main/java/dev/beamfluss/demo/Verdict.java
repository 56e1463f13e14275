package dev.beamfluss.demo;

import java.util.List;
import java.util.Map;

/**
 * What came of a scenario.
 *
 * @param verified whether its tables hold what plain Java says of the events, and there is
 *     something in them
 * @param lines for people
 * @param summary the same in one line
 * @param figures for programs
 */
record Verdict(boolean verified, List<String> lines, String summary, Map<String, Object> figures) {}
