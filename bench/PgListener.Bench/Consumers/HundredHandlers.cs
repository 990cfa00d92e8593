namespace PgListener.Bench;

/// <summary>Adds a hundred handler classes for one channel. They differ in their type arguments only, but to the listener and the container each is a class of its own.</summary>
internal static class HundredHandlers
{
    public static void AddTo(PgListenerBuilder builder, int count)
    {
        if (count != 100)
            throw new BenchException($"There are 100 handler classes, not {count}.");

        AddTen<D0>(builder);
        AddTen<D1>(builder);
        AddTen<D2>(builder);
        AddTen<D3>(builder);
        AddTen<D4>(builder);
        AddTen<D5>(builder);
        AddTen<D6>(builder);
        AddTen<D7>(builder);
        AddTen<D8>(builder);
        AddTen<D9>(builder);
    }

    private static void AddTen<TTens>(PgListenerBuilder builder)
        where TTens : IDigit
        => builder
            .AddHandler<BenchOrder, BenchHandler<TTens, D0>>()
            .AddHandler<BenchOrder, BenchHandler<TTens, D1>>()
            .AddHandler<BenchOrder, BenchHandler<TTens, D2>>()
            .AddHandler<BenchOrder, BenchHandler<TTens, D3>>()
            .AddHandler<BenchOrder, BenchHandler<TTens, D4>>()
            .AddHandler<BenchOrder, BenchHandler<TTens, D5>>()
            .AddHandler<BenchOrder, BenchHandler<TTens, D6>>()
            .AddHandler<BenchOrder, BenchHandler<TTens, D7>>()
            .AddHandler<BenchOrder, BenchHandler<TTens, D8>>()
            .AddHandler<BenchOrder, BenchHandler<TTens, D9>>();

    private sealed class D0 : IDigit
    {
        public static int Value => 0;
    }

    private sealed class D1 : IDigit
    {
        public static int Value => 1;
    }

    private sealed class D2 : IDigit
    {
        public static int Value => 2;
    }

    private sealed class D3 : IDigit
    {
        public static int Value => 3;
    }

    private sealed class D4 : IDigit
    {
        public static int Value => 4;
    }

    private sealed class D5 : IDigit
    {
        public static int Value => 5;
    }

    private sealed class D6 : IDigit
    {
        public static int Value => 6;
    }

    private sealed class D7 : IDigit
    {
        public static int Value => 7;
    }

    private sealed class D8 : IDigit
    {
        public static int Value => 8;
    }

    private sealed class D9 : IDigit
    {
        public static int Value => 9;
    }
}
