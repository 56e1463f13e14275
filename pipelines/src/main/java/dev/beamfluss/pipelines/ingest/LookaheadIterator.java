package dev.beamfluss.pipelines.ingest;

import java.util.Iterator;
import java.util.NoSuchElementException;

/** An iterator that only says what comes next; it is asked once more than there are elements. */
abstract class LookaheadIterator<T> implements Iterator<T> {

  private T next;
  private boolean ended;

  /** The next element, or null at the end. */
  abstract T computeNext();

  @Override
  public final boolean hasNext() {
    if (next == null && !ended) {
      next = computeNext();
      ended = next == null;
    }
    return next != null;
  }

  @Override
  public final T next() {
    T element = peek();
    next = null;
    return element;
  }

  /** What {@link #next()} is going to return. */
  final T peek() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return next;
  }

  /** The same elements, with {@link #peek()}. */
  static <T> LookaheadIterator<T> over(Iterator<? extends T> elements) {
    return new LookaheadIterator<>() {
      @Override
      T computeNext() {
        return elements.hasNext() ? elements.next() : null;
      }
    };
  }
}
