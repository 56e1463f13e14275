package dev.beamfluss.local;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.sameInstance;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class FlussExtensionTest {

  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();
  @RegisterExtension static final FlussExtension sameFluss = FlussExtension.shared();

  @RegisterExtension
  static final FlussExtension otherFluss =
      FlussExtension.dedicated(LocalFluss.builder().tabletServers(2));

  private static String databaseOfTheClass;

  @BeforeAll
  static void usableBeforeTheFirstTest() {
    databaseOfTheClass = fluss.newDatabase();
  }

  @Test
  void sharesOneCluster() {
    assertThat(sameFluss.cluster(), sameInstance(fluss.cluster()));
    assertThat(sameFluss.bootstrapServers(), is(fluss.bootstrapServers()));
    assertThat(sameFluss.newDatabase(), not(databaseOfTheClass));
    assertThat("lake tables", fluss.cluster().warehouse().isPresent(), is(true));
  }

  @Test
  void aDedicatedClusterIsAnother() {
    assertThat(otherFluss.cluster(), not(sameInstance(fluss.cluster())));
    otherFluss.cluster().stopTabletServer(0);
    assertThat(otherFluss.cluster().tabletServers(), contains(1));
    assertThat(fluss.cluster().tabletServers(), contains(0));
  }

  @Test
  void saysSoWhenUsedTooEarly() {
    IllegalStateException early =
        assertThrows(IllegalStateException.class, FlussExtension.shared()::bootstrapServers);
    assertThat(early.getMessage(), containsString("@RegisterExtension"));
  }
}
