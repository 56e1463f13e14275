package dev.beamfluss.io.wrong;

import dev.beamfluss.transforms.wrong.KnowsPipelines;

class KnowsTransforms {
  KnowsPipelines transforms;
}
