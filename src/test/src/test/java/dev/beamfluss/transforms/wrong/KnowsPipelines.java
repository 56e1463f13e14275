package dev.beamfluss.transforms.wrong;

import dev.beamfluss.pipelines.wrong.KnowsLocalCluster;

public class KnowsPipelines {
  KnowsLocalCluster pipelines;
}
