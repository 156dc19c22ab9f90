<prompt schema="tripp">
  <plan dayz="3"/>
  <rome/>
  <oslo/>
  <rome/>
  <paris/>
  <module/>
  <use modul="x"/>
</prompt>
