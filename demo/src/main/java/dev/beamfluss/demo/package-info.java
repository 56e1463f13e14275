/**
 * The demo: an embedded cluster, live traffic, the pipelines, and a check of what they computed.
 * The only package that may see the embedded cluster; not part of what is shipped.
 */
package dev.beamfluss.demo;
