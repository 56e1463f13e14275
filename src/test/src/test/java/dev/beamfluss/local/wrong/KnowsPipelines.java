package dev.beamfluss.local.wrong;

import dev.beamfluss.pipelines.wrong.KnowsLocalCluster;

public class KnowsPipelines {
  KnowsLocalCluster pipelines;
}
