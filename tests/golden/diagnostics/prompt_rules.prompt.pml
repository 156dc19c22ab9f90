<prompt schema="travel">
  <abroad><far/></abroad>
  <beach/>
  <hut/>
</prompt>
