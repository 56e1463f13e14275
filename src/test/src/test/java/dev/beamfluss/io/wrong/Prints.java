package dev.beamfluss.io.wrong;

class Prints {
  void print() {
    System.out.println("wrong");
  }
}
