package dev.beamfluss.transforms;

/** How wide the values of a bitmap are, and with it the format of its bytes. */
public enum BitmapType {

  /**
   * Values from 0 to 4,294,967,295 in RoaringBitmap's portable format: what Fluss and Paimon merge
   * as {@code rbm32}.
   */
  RBM32(0xFFFF_FFFFL),

  /**
   * Values from 0 to 9,223,372,036,854,775,807 as a Roaring64Bitmap: what Fluss and Paimon merge as
   * {@code rbm64}. Of dense numbers it takes about the bytes and time that 32 bits take, as both
   * keep 16 bits of each; of scattered ones, many times as much.
   */
  RBM64(Long.MAX_VALUE);

  private final long maxValue;

  BitmapType(long maxValue) {
    this.maxValue = maxValue;
  }

  /** The greatest value that such a bitmap holds; the least is 0. */
  public long maxValue() {
    return maxValue;
  }
}
