<schema name="part" space="collapse">
  <module name="a">of   a part</module>
</schema>
