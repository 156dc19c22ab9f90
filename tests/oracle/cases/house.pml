<schema name="house">
  The house stands on a hill above the river.
  <module name="kitchen">The kitchen was painted blue last spring.</module>
  The garden has an old apple tree.
  <module name="attic">The attic is full of letters.</module>
  <module name="cellar">The cellar holds two bicycles, a boat and forty jars of plum jam.</module>
  <module name="shed">The shed has a new roof, and in the shed</module>
</schema>
