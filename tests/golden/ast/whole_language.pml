<schema name="whole" version="2" space="dedent">
  <include src="taken/part.pml"/>
  <module name="turn" role="system" reserve="3">Be kind.</module>
  <module name="inline" params="inline">
    Go to {city:10=Paris &amp; Rome} in {month:4}: {{braces}} stay.
  </module>
  <module name="file" src="taken/lines.txt#L2-3"/>
  <module name="files" src="taken/*.txt" cache="false"/>
  <module name="kept" xml:space="preserve">  as   written </module>
  <parameter name="tone" values="warm|cool" default="cool"/>
  <slot name="notes" length="8"/>
  <union scaffold="far">
    <include src="taken/members.pml"/>
    <module name="near" requires="turn and (file or not inline)" excludes="kept notes-2"/>
  </union>
  <module name="notes-2" after="turn inline"/>
</schema>
