<schema name="travel">
  <module name="passport"/>
  <union>
    <module name="home">At home.</module>
    <module name="abroad" requires="passport and (visa or not far)">
      Abroad.
      <module name="far">Far away.</module>
    </module>
  </union>
  <module name="visa"/>
  <module name="beach" excludes="ski hut">Beach.</module>
  <module name="ski">Ski.</module>
  <module name="hut">Hut.</module>
</schema>
