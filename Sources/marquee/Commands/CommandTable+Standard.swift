extension CommandTable {
    /// What this program can do.
    static let standard: CommandTable = CommandTable(commands: commands.map(\.withObjectStoreOptions))

    private static let commands: [Command] = [
        DemoCommand.command, BrokerCommand.command, ImportCommand.movielens, ImportCommand.netflix,
        ImportCommand.csv, ImportCommand.tmdb,
        SimulateCommand.command,
        IngestCommand.command, ServeCommand.command, DeliverCommand.command, TrainCommand.command,
        EvaluateCommand.command,
        DriftCommand.command,
        TuneCommand.command, RecommendCommand.command, RecommendAllCommand.command, StoreCommand.log, StoreCommand.show,
        StoreCommand.count,
        StoreCommand.cat, StoreCareCommand.optimize, StoreCareCommand.vacuum, StoreCareCommand.verify,
        StoreCareCommand.restore, StoreDeleteCommand.command, StoreDiffCommand.command,
        DeadLettersCommand.list, DeadLettersCommand.replay,
        CatalogIndexCommand.command, CatalogSearchCommand.command, CatalogStatsCommand.command,
        ParquetCommand.schema, ParquetCommand.meta, ParquetCommand.cat, ParquetCommand.verify, ModelsCommand.list,
        ModelsCommand.show, ModelsCommand.promote,
        ModelsCommand.rollback, ModelsCommand.unpin, ModelsCommand.prune, ModelsCommand.diff, ModelsCommand.history,
        ModelsCommand.export, ModelsCommand.importModel,
        CatalogQualityCommand.command,
        KeysCommand.create, KeysCommand.list, KeysCommand.revoke, PrivacyAuditCommand.command,
        PrivacyEraseCommand.command, PrivacyVerifyCommand.command, PrivacyExportCommand.command,
        PrivacyConsentCommand.command, PrivacyRegisterCommand.command, PrivacyRetainCommand.command,
        PrivacyHoldCommand.command, PrivacyRekeyCommand.command, WebhooksCommand.list, WebhooksCommand.retry,
        MailCommand.subscribe,
        MailCommand.unsubscribe, MailCommand.subscribers, MailCommand.list, MailCommand.retry, ConfigCommand.command,
        CompletionCommand.command,
        HelpCommand.command,
        VersionCommand.command,
    ]
}
