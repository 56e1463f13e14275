package dev.beamfluss.transforms;

import java.io.Serializable;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;

/**
 * Days and minutes by the clock of a zone. Where it is put back, minutes of an hour come twice;
 * where it is put forward, those of an hour never come, and are over when the one before them is.
 */
record LocalMinutes(ZoneId zone) implements Serializable {
  static final int A_DAY = 1_440;

  private static final long MINUTE = 60_000;
  private static final DateTimeFormatter DAY = DateTimeFormatter.BASIC_ISO_DATE;

  LocalDateTime at(long millis) {
    return LocalDateTime.ofInstant(Instant.ofEpochMilli(millis), zone);
  }

  /** Such as {@code 20261123}. */
  static String name(LocalDate day) {
    return DAY.format(day);
  }

  static LocalDate day(String name) {
    return LocalDate.parse(name, DAY);
  }

  /** Such as {@code 0930}. */
  static String name(int minute) {
    return String.format("%02d%02d", minute / 60, minute % 60);
  }

  /** From when on no more of a minute comes, in milliseconds since the epoch. */
  long end(LocalDate day, int minute) {
    LocalDateTime local = day.atStartOfDay().plusMinutes(minute);
    ZoneRules rules = zone.getRules();
    ZoneOffsetTransition transition = rules.getTransition(local);
    if (transition == null) {
      return local.toInstant(rules.getOffset(local)).toEpochMilli() + MINUTE;
    }
    return transition.isGap()
        ? transition.toEpochSecond() * 1_000
        : local.toInstant(transition.getOffsetAfter()).toEpochMilli() + MINUTE;
  }
}
