<schema name="guesses">
  <module name="condition" text="x < y > z"/>
  <module name="bold"><b>bold</b> text</bold>
  <module name="vector">std::vector<int> x;</module>
  <unoin name="swapped"><module name="member">text</module></unoin>
  <module name="..">dots</module>
</schema>
