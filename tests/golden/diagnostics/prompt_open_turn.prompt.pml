<prompt schema="trip">
  <rome/>
  <assistant open="true">Sure</assistant>
  <user>more</user>
</prompt>
