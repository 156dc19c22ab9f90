<prompt schema="tripp">
  <plan dayz="3"/>
  <rome/>
  <oslo/>
  <rome/>
  <paris/>
  <module/>
  <use name="x"/>
</prompt>
