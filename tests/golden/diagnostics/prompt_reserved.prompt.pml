<prompt schema="trip">
  <rome space="collapse"/>
</prompt>
