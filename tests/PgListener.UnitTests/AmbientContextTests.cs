namespace PgListener.UnitTests;

/// <summary>Callbacks that are not async methods, so that nothing else restores what they change in the context of their thread.</summary>
public sealed class AmbientContextTests : IDisposable
{
    private static readonly AsyncLocal<string?> Ambient = new();

    private readonly Pipeline _pipeline = new();
    private readonly List<string?> _seen = [];

    public void Dispose() => _pipeline.Dispose();

    [Theory]
    [InlineData("returns")]
    [InlineData("waits")]
    [InlineData("throws")]
    public async Task What_a_call_leaves_in_its_context_does_not_reach_the_next(string how)
    {
        var subscription = _pipeline.Subscribe("c", Call, new());
        _pipeline.Deliver("c", "1", "2", "3");
        await Pipeline.EndAsync(subscription);
        Assert.Equal([null, null, null], _seen);

        Task Call(NotificationContext context, CancellationToken cancellationToken)
        {
            _seen.Add(Ambient.Value);
            Ambient.Value = context.Payload;
            return how switch
            {
                "returns" => Task.CompletedTask,
                "waits" => Task.Run(() => { }, cancellationToken),
                _ => throw new InvalidOperationException("The callback has failed."),
            };
        }
    }
}
