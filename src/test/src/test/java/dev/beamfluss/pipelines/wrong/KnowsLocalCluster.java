package dev.beamfluss.pipelines.wrong;

import dev.beamfluss.local.wrong.KnowsPipelines;

public class KnowsLocalCluster {
  KnowsPipelines local;
}
