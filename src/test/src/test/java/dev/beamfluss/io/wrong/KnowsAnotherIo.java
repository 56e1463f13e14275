package dev.beamfluss.io.wrong;

import dev.beamfluss.io.other.wrong.AnotherIo;

class KnowsAnotherIo {
  AnotherIo other;
}
