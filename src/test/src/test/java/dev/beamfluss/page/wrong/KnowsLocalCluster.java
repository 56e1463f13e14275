package dev.beamfluss.page.wrong;

import dev.beamfluss.local.wrong.KnowsPipelines;

public class KnowsLocalCluster {
  KnowsPipelines local;
}
