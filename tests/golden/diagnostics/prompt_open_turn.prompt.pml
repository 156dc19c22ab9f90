<prompt schema="trip">
  <rome/>
  <assistant open="true">Sure</assistant>
  <user>more <rome/></user>
</prompt>
