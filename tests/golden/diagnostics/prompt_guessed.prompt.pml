<prompt schema="guessed">
  <paln>
  <plan/>
</prompt>
