/** Scenario 1: conversion rate and order attribution, by a join that keeps no state. */
package dev.beamfluss.pipelines.attribution;
