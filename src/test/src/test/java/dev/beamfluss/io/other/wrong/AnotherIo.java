package dev.beamfluss.io.other.wrong;

public class AnotherIo {}
